package balance_test

import (
	"fmt"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

func Example() {
	set, err := balance.NewSet(balance.Weighted(), []balance.Backend{
		{Name: "large", Address: "10.0.0.1:80", Weight: 3},
		{Name: "small", Address: "10.0.0.2:80"},
	}, balance.Options{Seed: 1, SlowStart: 30 * time.Second})
	if err != nil {
		panic(err)
	}
	picks := map[string]int{}
	for range 400 {
		m, err := set.Pick(balance.Request{})
		if err != nil {
			panic(err)
		}
		m.Begin()
		m.End(time.Millisecond, false) // when the answer has come
		picks[m.Name]++
	}
	fmt.Println(picks)

	set.Member("large").SetUp(false)
	m, _ := set.Pick(balance.Request{})
	fmt.Println(m.Name, m.Address)
	// Output:
	// map[large:300 small:100]
	// small 10.0.0.2:80
}
