package plainmux_test

import (
	"net"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/internal/plainmux"
)

func TestMoreDataThanTheConnectionsCreditEndsIt(t *testing.T) {
	a, b := overTCP(t)
	settings := plainmux.DefaultSettings()
	settings.StreamWindow, settings.ConnectionWindow = 1<<20, 64<<10
	raw, server := attack(t, a, b, plainmux.Config{Settings: &settings})
	raw.Write(plainmux.Open, 0, 1, nil)
	raw.Write(plainmux.Data, 0, 1, make([]byte, 64<<10+1))
	<-server.Done()
	wantCode(t, server.Err(), plainmux.Credit)
}

func TestAnswersThatNobodyReadsEndTheConnection(t *testing.T) {
	a, b := net.Pipe()
	settings := plainmux.DefaultSettings()
	settings.MaxStreams = 0
	raw, server := attack(t, a, b, plainmux.Config{Settings: &settings})
	for i := range uint32(1100) {
		raw.Write(plainmux.Open, 0, 2*i+1, nil)
	}
	<-server.Done()
	wantCode(t, server.Err(), plainmux.Limit)
}

func TestNumbersWrapAround(t *testing.T) {
	a, b := net.Pipe()
	client, server := pair(t, a, b, plainmux.Config{})
	plainmux.SetLatest(client, server, 1<<32-3)
	plainmux.SetLatest(server, client, 1<<32-4)
	for opener, numbers := range map[*plainmux.Conn][]uint32{client: {1<<32 - 1, 1, 3}, server: {1<<32 - 2, 2, 4}} { // 0 is the connection
		other := client
		if opener == client {
			other = server
		}
		for _, want := range numbers {
			ours, theirs := open(t, opener, other, plainmux.Opening{})
			if ours.Number() != want || theirs.Number() != want {
				t.Errorf("stream %d instead of %d", ours.Number(), want)
			}
		}
	}
}

// The writer is held up in its first frame until all streams have data and credit, so that it chooses among all of them.
func TestLowerClassesGoFirstAndWeightsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		raw, server := attack(t, a, b, small())
		for i, o := range [][]byte{{0, 3, 0, 0, 0, 0, 0, 0}, {0, 2, 1, 0, 0, 0, 0, 0}, {0, 2, 3, 0, 0, 0, 0, 0}} {
			raw.Write(plainmux.Open, 0, uint32(2*i+1), o)
			s, err := server.Accept()
			if err != nil {
				t.Fatal(err)
			}
			go s.Write(make([]byte, 300<<10))
		}
		synctest.Wait()
		for _, number := range []uint32{1, 3, 5, 0} {
			raw.Write(plainmux.CreditFrame, 0, number, []byte{0, 0, 16, 0, 0, 0, 0, 0})
		}
		synctest.Wait()
		sent := map[uint32]int{}
		for sent[3] < 60<<10 {
			f, err := raw.Next()
			if err != nil {
				t.Fatal(err)
			}
			if f.Type == plainmux.Data {
				sent[f.Stream] += len(f.Payload)
			}
		}
		const frame = 16 << 10
		if sent[1] > 100 || sent[5] < 3*(sent[3]-frame)-frame || sent[5] > 3*(sent[3]+frame)+frame {
			t.Errorf("the streams have sent %v", sent)
		}
		raw.Close()
		server.Close()
	})
}
