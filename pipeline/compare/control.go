package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
)

// environment is the variable that makes a process one of a comparison.
const environment = "LEAT_COMPARE"

// A part is what a process of a comparison is to do. It stands in the environment as JSON.
type part struct {
	Comparison string `json:"comparison"`
	Role       role   `json:"role"`
	Variant    string `json:"variant"`
	Control    string `json:"control"`           // unix socket of the process that started it
	Address    string `json:"address,omitempty"` // of the server, for a load
}

type role string

const (
	serving role = "server"
	loading role = "load"
)

// myPart is what this process is to do, or nil when it is no process of a comparison.
func myPart() (*part, error) {
	text := os.Getenv(environment)
	if text == "" {
		return nil, nil
	}
	p := &part{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, fmt.Errorf("compare: the variable %s is not what Run sets: %w", environment, err)
	}
	return p, nil
}

// A message is what the processes tell each other, one JSON value after the other. The end of the connection ends the
// process that was started.
type message struct {
	Kind    kind     `json:"kind"`
	Address string   `json:"address,omitempty"`
	Graph   string   `json:"graph,omitempty"`
	Usage   *usage   `json:"usage,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"`
}

type kind string

const (
	ready   kind = "ready"   // of a server: Address and Graph
	look    kind = "look"    // to a server: tell the usage
	looked  kind = "looked"  // of a server: Usage
	stop    kind = "stop"    // to a server: drain and end
	begun   kind = "begun"   // of a load: Usage
	ended   kind = "ended"   // of a load: Usage
	outcome kind = "outcome" // of a load: Outcome, the last it says
)

// A wire carries messages. Say may be called from several goroutines.
type wire struct {
	conn net.Conn
	dec  *json.Decoder

	mu  sync.Mutex
	enc *json.Encoder // guarded by mu
}

func newWire(c net.Conn) *wire {
	return &wire{conn: c, dec: json.NewDecoder(c), enc: json.NewEncoder(c)}
}

func (w *wire) say(m message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.enc.Encode(m)
}

func (w *wire) hear() (m message, err error) {
	err = w.dec.Decode(&m)
	return m, err
}

var errNoMain = errors.New("compare: this process was started by Run, but Main was not called with its comparison before Run; call it at the start of main or TestMain")
