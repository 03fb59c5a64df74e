package record

import "flag"

// An Output is where a benchmark keeps its rows and writes its tables.
type Output struct {
	Record string // file that keeps rows
	Resume bool   // keeps the rows that the record has
	Page   string // besides showing them; none when empty
}

// Flags declares the flags of a benchmark that has the set's name.
func (o *Output) Flags(f *flag.FlagSet) {
	f.StringVar(&o.Record, "record", "results/"+f.Name()+".jsonl", "file that keeps rows")
	f.BoolVar(&o.Resume, "resume", false, "keep the rows that the record has of the same programs and settings")
	f.StringVar(&o.Page, "page", "", "page to write the tables into, besides showing them")
}

// Open opens the record.
func (o *Output) Open() (*Log, error) { return Open(o.Record, o.Resume) }

// Write puts the tables into the page as the part that has the benchmark's name, if there is a page.
func (o *Output) Write(part, text string) error {
	if o.Page == "" {
		return nil
	}
	return Write(o.Page, part, text)
}
