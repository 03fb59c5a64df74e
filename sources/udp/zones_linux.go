package udp

import (
	"net"
	"strconv"
	"sync"
)

// zones are the names of interfaces, which the addresses of a link need and asking the system for costs microseconds. There are
// as many as the machine has interfaces; one that is renamed keeps its old name here, with which it is found again.
var zones zoneTable

type zoneTable struct {
	names   sync.Map // uint32 -> string
	indexes sync.Map // string -> uint32
}

// name is that of an interface, or its number when it has none any more.
func (t *zoneTable) name(index uint32) string {
	if n, ok := t.names.Load(index); ok {
		return n.(string)
	}
	n := strconv.Itoa(int(index))
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		n = i.Name
	}
	t.names.Store(index, n)
	t.indexes.Store(n, index)
	return n
}

// index is the number of an interface, or 0, with which the system chooses one.
func (t *zoneTable) index(name string) uint32 {
	if i, ok := t.indexes.Load(name); ok {
		return i.(uint32)
	}
	index := uint32(0)
	if i, err := net.InterfaceByName(name); err == nil {
		index = uint32(i.Index)
	} else if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		index = uint32(n)
	}
	if index != 0 { // other names may come with packets of an application: they are not kept
		t.indexes.Store(name, index)
	}
	return index
}
