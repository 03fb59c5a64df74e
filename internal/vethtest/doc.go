// Package vethtest gives tests the two hosts of package veth:
//
//	near, far := vethtest.Pair(t)
//	far.Do(func() { conn, err = net.Dial("udp", near.Addr4(9000).String()) })
package vethtest
