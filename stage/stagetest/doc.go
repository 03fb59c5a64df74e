// Package stagetest is for people who write stages: it runs one stage alone, stands in for connections, and checks that a
// stage keeps the contract of package stage.
//
//	func TestMain(m *testing.M) { stagetest.Main(m) }
//
//	func TestCompressIsAStage(t *testing.T) {
//		stagetest.Run(t, stagetest.Stage[page, page]{
//			Make: Compress(6),
//			Fill: func(i int, p *page) { p.Body = fmt.Appendf(nil, "page %d", i) },
//		})
//	}
//
// [Run] is the conformance suite, and [Bench] the benchmark. A [Rig] is a lane with one stage on it, for tests of what the
// stage does. A [Conn] is a connection without a network: it records what is written to it, and takes no more than the test
// allows.
package stagetest
