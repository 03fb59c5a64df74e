package file

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/leat-io/leat/internal/journal"
)

// A feed gives the bytes of messages out of a file, in order.
type feed interface {
	// read puts some of them into b. It says whether a message must end where they do. Behind the last it returns 0 and io.EOF.
	read(b []byte) (n int, whole bool, err error)
	// reached says how far it is.
	reached() Figures
	// back is how far before reached().Valid the last n bytes began that were read.
	back(n int) int64
	close() error
}

// plain is a file that is nothing but messages.
type plain struct {
	f       *os.File
	figures Figures
}

func openPlain(path string) (feed, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &plain{f: f}, nil
}

func (p *plain) read(b []byte) (n int, whole bool, err error) {
	n, err = io.ReadFull(p.f, b)
	if err == io.ErrUnexpectedEOF {
		err = nil // the next read says it again
	}
	p.figures.Bytes += int64(n)
	p.figures.Valid += int64(n)
	return n, n == 0, err
}

func (p *plain) reached() Figures { return p.figures }
func (p *plain) back(n int) int64 { return int64(n) }
func (p *plain) close() error     { return p.f.Close() }

// records is a journal.
type records struct {
	f          *os.File
	r          *journal.Reader
	upToDamage bool
	left       []byte // of the record that was read last
	found      int64  // records
	figures    Figures
}

func openJournal(path string, upToDamage bool) (feed, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &records{}, nil
	}
	if err != nil {
		return nil, err
	}
	r, err := begin(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &records{f: f, r: r, upToDamage: upToDamage}, nil
}

func begin(f *os.File) (*journal.Reader, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return journal.NewReader(f, info.Size())
}

// read gives out one record, or as much of it as there is room for. Two together would hide a message that is not whole.
func (j *records) read(b []byte) (n int, whole bool, err error) {
	if len(j.left) == 0 {
		err = j.next()
	}
	n = copy(b, j.left)
	j.left = j.left[n:]
	j.figures.Bytes += int64(n)
	if whole = len(j.left) == 0; whole && j.r != nil {
		j.figures.Valid, j.figures.Records = j.r.Offset(), j.found
	}
	return n, whole, err
}

// next reads a record.
func (j *records) next() (err error) {
	if j.r == nil {
		return io.EOF
	}
	j.left, err = j.r.Next()
	switch {
	case err == nil:
		j.found++
	case err == io.EOF:
		j.figures.Torn = j.r.Torn()
	case j.upToDamage && errors.Is(err, journal.ErrDamaged):
		err = io.EOF
	}
	return err
}

// back is 0: as long as a record has not been given out, Valid is where it begins.
func (j *records) back(int) int64 { return 0 }

func (j *records) reached() Figures { return j.figures }

func (j *records) close() error {
	if j.f == nil {
		return nil
	}
	return j.f.Close()
}
