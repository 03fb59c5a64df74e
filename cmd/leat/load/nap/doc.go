// Package nap sleeps for microseconds, as a schedule of many thousand requests a second wants it.
package nap
