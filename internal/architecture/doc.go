// Package architecture says which package of the module may import which, and its tests see to it. It holds no code.
package architecture
