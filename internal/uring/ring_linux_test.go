package uring

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A recorder keeps what has completed.
type recorder struct {
	got    []Completion
	data   []byte
	missed []uint64
}

func (r *recorder) Missed(id uint64) { r.missed = append(r.missed, id) }

func (r *recorder) Completed(_ uint64, c Completion) {
	r.data = append(r.data, c.Data...)
	c.Data = nil
	r.got = append(r.got, c)
}

// rig is a ring on this thread, and a pair of sockets that block.
func rig(t *testing.T) (r *Ring, rec *recorder, ours, theirs int) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	rec = new(recorder)
	r, err := Open(rec)
	if err != nil {
		t.Skip("this system has no io_uring for us: ", err)
	}
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if r.begun {
			r.Close()
		}
	})
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(pair[0]); syscall.Close(pair[1]) })
	return r, rec, pair[0], pair[1]
}

// turn lets the ring work until something has been recorded that makes done true.
func (r *recorder) turn(t *testing.T, ring *Ring, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %v, %d bytes", r.got, len(r.data))
		}
		if _, err := ring.Poll(100 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		ring.Serve()
	}
}

func TestWhatIsReceivedComesInOrderThroughAllBuffers(t *testing.T) {
	r, rec, ours, theirs := rig(t)
	r.Receive(ours, 1)
	var want []byte
	for i := 0; len(want) < 3*bufferCount*bufferSize; i++ {
		b := bytes.Repeat([]byte{byte(i)}, 1+i*i%(2*bufferSize))
		if _, err := syscall.Write(theirs, b); err != nil {
			t.Fatal(err)
		}
		want = append(want, b...)
		rec.turn(t, r, func() bool { return len(rec.data) == len(want) })
	}
	if !bytes.Equal(rec.data, want) {
		t.Error("the bytes are others than those sent")
	}
	syscall.Shutdown(theirs, syscall.SHUT_WR)
	rec.turn(t, r, func() bool { return !rec.got[len(rec.got)-1].More })
	if last := rec.got[len(rec.got)-1]; last.Err != nil || last.Result != 0 {
		t.Errorf("the end of the stream is %+v", last)
	}
}

// More arrives than there are buffers, and nobody handles completions meanwhile: it waits in the socket.
func TestWithoutBuffersReceivingEndsAndCanBeginAgain(t *testing.T) {
	r, rec, ours, theirs := rig(t)
	r.Receive(ours, 1)
	if err := r.q.enter(0); err != nil {
		t.Fatal(err)
	}
	const n = bufferCount + 10
	for range n {
		if _, err := syscall.Write(theirs, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := r.q.enter(0); err != nil {
			t.Fatal(err)
		}
	}
	rec.turn(t, r, func() bool { return len(rec.data) == bufferCount && !rec.got[len(rec.got)-1].More })
	if last := rec.got[len(rec.got)-1]; last.Err != syscall.ENOBUFS {
		t.Errorf("it ends with %+v", last)
	}
	r.Receive(ours, 1)
	rec.turn(t, r, func() bool { return len(rec.data) == n })
}

func TestACanceledOperationSaysSo(t *testing.T) {
	r, rec, ours, theirs := rig(t)
	r.Receive(ours, 7)
	rec.turn(t, r, func() bool {
		syscall.Write(theirs, []byte("before"))
		return len(rec.data) > 0
	})
	r.Cancel(7)
	rec.turn(t, r, func() bool { return !rec.got[len(rec.got)-1].More })
	if last := rec.got[len(rec.got)-1]; last.Err != syscall.ECANCELED {
		t.Errorf("it ends with %+v", last)
	}
}

func TestWhatIsNotThereIsNotCanceled(t *testing.T) {
	r, rec, _, _ := rig(t)
	r.Cancel(7)
	rec.turn(t, r, func() bool { return len(rec.missed) == 1 })
	if rec.missed[0] != 7 || len(rec.got) > 0 {
		t.Errorf("missed are %v, completed %v", rec.missed, rec.got)
	}
}

func TestManyOperationsAreAskedAtOnce(t *testing.T) {
	r, rec, ours, _ := rig(t)
	const n = 3 * sqEntries
	for i := range n {
		r.Await(ours, Out, uint64(i))
	}
	rec.turn(t, r, func() bool { return len(rec.got) == n })
}

func TestAnotherThreadEndsAWait(t *testing.T) {
	r, _, _, _ := rig(t)
	for range 3 {
		go func() {
			time.Sleep(10 * time.Millisecond)
			r.Wake()
		}()
		began := time.Now()
		if _, err := r.Poll(20 * time.Second); err != nil || time.Since(began) > 10*time.Second {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		for r.Serve() {
		}
	}
}

func TestAWaitHasAnEnd(t *testing.T) {
	r, _, _, _ := rig(t)
	for range 2 { // the first may find that the ring has begun
		if n, err := r.Poll(20 * time.Millisecond); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
}

func TestNothingRunsBehindClose(t *testing.T) {
	r, rec, ours, _ := rig(t)
	r.Receive(ours, 1)
	r.Await(ours, In, 2)
	rec.turn(t, r, func() bool { n, err := r.Poll(time.Millisecond); return n == 0 && err == nil })
	r.Close()
	if r.running != 0 || len(rec.got) != 0 {
		t.Errorf("%d operations are left, and the handler has seen %v", r.running, rec.got)
	}
}

func TestARingThatNeverBeganLeavesNothing(t *testing.T) {
	before := leftovers(t)
	r, err := Open(new(recorder))
	if err != nil {
		t.Skip("this system has no io_uring for us: ", err)
	}
	if n := leftovers(t); n <= before {
		t.Errorf("an open ring shows in %d places, and none in %d", n, before)
	}
	r.Close()
	if n := leftovers(t); n != before {
		t.Errorf("%d places, and %d before", n, before)
	}
}

// leftovers counts what a process has of rings: descriptors and mapped memory.
func leftovers(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(maps, []byte("io_uring"))
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.Contains(to, "io_uring") || strings.Contains(to, "eventfd") {
			n++
		}
	}
	return n
}

func TestATurnCostsNoMemory(t *testing.T) {
	r, _, ours, theirs := rig(t)
	r.handler = discard{}
	r.Receive(ours, 1)
	b := []byte("message")
	if n := testing.AllocsPerRun(100, func() {
		syscall.Write(theirs, b)
		r.Poll(time.Second)
		r.Serve()
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

type discard struct{}

func (discard) Completed(uint64, Completion) {}
func (discard) Missed(uint64)                {}
