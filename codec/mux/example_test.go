package mux_test

import (
	"fmt"

	"github.com/leat-io/leat/codec/mux"
)

// What a client sends first, and a request on a stream of messages.
func Example() {
	b := mux.Preface{Low: mux.Version, High: mux.Version, Features: mux.Checksums}.Append(nil)
	b = mux.AppendSettings(b, &mux.DefaultSettings, &mux.DefaultSettings, nil)
	from := len(b) // every frame behind the first SETTINGS has a checksum
	b = mux.AppendOpen(b, 1, 0, &mux.Opening{Messages: true, Metadata: mux.AppendPair(nil, ":method", []byte("add"))})
	b = mux.Seal(b, from)
	from = len(b)
	b = mux.AppendData(b, 1, mux.Packed|mux.Fin, mux.AppendMessage(mux.AppendMessage(nil, []byte("2")), []byte("3")))
	b = mux.Seal(b, from)

	// The other side takes it apart.
	if _, err := mux.ParsePreface(b); err != nil {
		fmt.Println(err)
		return
	}
	b = b[mux.PrefaceSize:]
	format := mux.Format{Max: mux.MostSettings}
	for len(b) > 0 {
		var f mux.Frame
		n, err := format.Decode(b, &f)
		if err != nil || n <= 0 { // not complete: more is to be read
			fmt.Println(n, err)
			return
		}
		b = b[n:]
		switch f.Header.Type() {
		case mux.Setting:
			format = mux.Format{Max: mux.DefaultSettings.MaxFrame, Checked: true}
		case mux.Open:
			o, err := mux.ParseOpen(f.Payload, mux.DefaultSettings.MaxMetadata)
			method, _ := o.Metadata.Get(":method")
			fmt.Printf("stream %d calls %s %v\n", f.Header.Stream(), method, err)
		case mux.Data:
			for rest := f.Payload; len(rest) > 0; {
				var m []byte
				if m, rest, err = mux.NextMessage(rest); err != nil {
					fmt.Println(err)
					return
				}
				fmt.Printf("%s ", m)
			}
			fmt.Println("and no more:", f.Header.Has(mux.Fin))
		}
	}
	// Output:
	// stream 1 calls add <nil>
	// 2 3 and no more: true
}
