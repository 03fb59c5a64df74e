package doctor

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Here is the machine on which this runs.
func Here() Host {
	return Host{
		System: runtime.GOOS, Root: os.DirFS("/"), Uring: uringSetup{}, Offloads: ethtool{},
		CPUs: runtime.NumCPU(), Procs: runtime.GOMAXPROCS(0),
	}
}

// uringSetup makes a ring of one entry and closes it again (io_uring_setup(2)).
type uringSetup struct{}

func (uringSetup) Probe() error {
	var params [120]byte // struct io_uring_params, all zero: no flags
	fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if e != 0 {
		return os.NewSyscallError("io_uring_setup", e)
	}
	return unix.Close(int(fd))
}

// ethtool asks the driver of an interface, as ethtool(8) does.
type ethtool struct{}

// Commands of SIOCETHTOOL that return one word (linux/ethtool.h).
const (
	ethtoolGGSO = 0x23
	ethtoolGGRO = 0x2b
)

// Offload implements Offloads.
func (ethtool) Offload(device string) (o Offload, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return o, os.NewSyscallError("socket", err)
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written
	if o.GRO, err = ethtoolAsk(fd, device, ethtoolGGRO); err != nil {
		return o, err
	}
	o.GSO, err = ethtoolAsk(fd, device, ethtoolGGSO)
	return o, err
}

func ethtoolAsk(fd int, device string, command uint32) (bool, error) {
	answer := struct{ command, data uint32 }{command: command} // struct ethtool_value
	var request struct {                                       // struct ifreq
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(request.name[:unix.IFNAMSIZ-1], device)
	request.data = unsafe.Pointer(&answer)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); e != 0 {
		return false, os.NewSyscallError("ethtool "+device, e)
	}
	return answer.data != 0, nil
}
