// Package compare says which of several designs of a pipeline is better, by how much, and how sure that is.
//
// A design is a [Variant]: a function that opens a server. A [Load] drives it. Run measures the variants in turn, each run in
// a fresh process of the same program, with the load in another one, and compares neighbours only:
//
//	func main() {
//		compare.Main(cfg, variants...) // does not return in the processes that Run starts
//		report, err := compare.Run(context.Background(), cfg, variants...)
//		if err != nil {
//			log.Fatal(err)
//		}
//		report.WriteText(os.Stdout)
//	}
//
// In a test the call of Main belongs into TestMain, before m.Run.
//
// # How it measures
//
// In each round every variant runs once. The order of a round is a row of a Latin square, that of the next round the same
// row backwards: drift of the machine, such as a processor that gets warm, harms all variants alike. A run is a server and
// a load; what happens before the load calls [Target.Begin] and after it calls [Target.End] is not counted. The server says
// what it has used between the two: processor time (user and system) and allocations of its own process, and its resident
// memory at the end.
//
// # How it judges
//
// The ratio of a variant is the geometric mean of the ratios to the first variant in the same round, its interval that of
// Student's t on their logarithms at 95 %. An interval without 1 is a difference. One with 1 that lies within the bound,
// 5 % unless Config says otherwise, is "no difference"; one with 1 that is wider is "unresolved": more rounds, or longer
// ones, may tell. Of twenty intervals of equal things one is expected to miss 1.
//
// A row is untrusted when it says more of the load than of the server: in a closed loop when the server had less than 93 %
// of its processors, in an open loop when the load was late, and always when the load had no time left or answers were
// wrong.
package compare
