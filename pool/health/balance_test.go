package health_test

import (
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
)

var _ health.Member = (*balance.Member)(nil)
