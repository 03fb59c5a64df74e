package bench

import (
	"context"

	"github.com/leat-io/leat/pipeline"
)

// A Subject is an assembly that can be run in this process and put under load. It is used once.
type Subject interface {
	// Pipeline is declared and has not run.
	Pipeline() *pipeline.Pipeline
	// Open prepares Run.
	Open(ctx context.Context) error
	// Run runs the pipeline until ctx ends.
	Run(ctx context.Context) error
	// Drive puts load on what runs until ctx ends, which is no error. It calls ready when what it sends from then on is to
	// be recorded. A wrong answer is an error.
	Drive(ctx context.Context, ready func()) error
	// Close ends the use of the subject, whatever has been called before. What the stages work on stays until then.
	Close() error
}
