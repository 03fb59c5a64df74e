//go:build !linux

package main

// besideLoad calls start: nothing is pinned here.
func besideLoad(start func() error) error { return start() }
