package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
)

const hidden = "correct horse"

// shows fails when any form in which settings or errors are printed has the secret in it.
func shows(t *testing.T, all config.Settings, err error) {
	t.Helper()
	var b strings.Builder
	_ = all.WriteText(&b)
	j, _ := json.Marshal(all)
	if s := b.String() + string(j) + fmt.Sprintf("%v %+v", all, err); strings.Contains(s, hidden) {
		t.Errorf("the secret is shown: %s", s)
	}
}

func TestASecretComesFromAVariableOrAFileAndIsNeverShown(t *testing.T) {
	path := write(t, "password", hidden+"\r\n")
	for _, c := range []struct {
		args, environ []string
		file          string
		origin        config.Origin
	}{
		{nil, []string{"LEAT_TCP_REQUIREPASS=" + hidden}, "", config.FromEnv},
		{[]string{"--requirepass-file", path}, nil, "", config.FromFlag},
		{nil, []string{"LEAT_TCP_REQUIREPASS_FILE=" + path}, "", config.FromEnv},
		{nil, nil, "tcp: {requirepass-file: " + path + "}", config.FromFile},
		{[]string{"--requirepass-file", path}, []string{"LEAT_TCP_REQUIREPASS=weaker"}, "", config.FromFlag},
		{nil, []string{"LEAT_TCP_REQUIREPASS=" + hidden}, "tcp: {requirepass-file: /nowhere}", config.FromEnv},
	} {
		r := newRig()
		all, err := r.load(t, c.args, c.environ, c.file)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		got := find(t, all, "tcp.requirepass")
		if r.Password != hidden || got.Value != "set" || got.Origin != c.origin {
			t.Errorf("%+v: the password is %q, and shown as %+v", c, r.Password, got)
		}
		shows(t, all, nil)
	}
}

func TestASecretIsRefusedWhereOthersCanReadIt(t *testing.T) {
	all, err := newRig().load(t, nil, nil, "tcp: {requirepass: "+hidden+"}")
	if err == nil || !strings.Contains(err.Error(), "requirepass-file") {
		t.Errorf("in the file of the configuration: %v", err)
	}
	shows(t, all, err)

	r := newRig()
	err = config.Explain(r.flags.Parse([]string{"--requirepass", hidden}), r.flags)
	if err == nil || !strings.Contains(err.Error(), "requirepass-file") || r.Password != "" {
		t.Errorf("on the command line: %v", err)
	}
	shows(t, nil, err)
}

func TestASecretThatIsThereTwiceOrNotAtAllIsAnError(t *testing.T) {
	path, empty, long := write(t, "password", hidden), write(t, "empty", "\n"), write(t, "long", strings.Repeat(hidden, 1000))
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{[]string{"LEAT_TCP_REQUIREPASS=" + hidden, "LEAT_TCP_REQUIREPASS_FILE=" + path}, "both give"},
		{[]string{"LEAT_TCP_REQUIREPASS_FILE=" + empty}, "is empty"},
		{[]string{"LEAT_TCP_REQUIREPASS_FILE=" + path + ".gone"}, "no such file"},
		{[]string{"LEAT_TCP_REQUIREPASS_FILE=" + long}, "too long: the limit is 4KiB"},
		{[]string{"LEAT_TCP_REQUIREPASS="}, "LEAT_TCP_REQUIREPASS is empty"},
	} {
		all, err := newRig().load(t, nil, c.environ, "")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; wanted %q", c.environ, err, c.want)
		}
		shows(t, all, err)
	}
}

func TestAMistakeOnTheCommandLineIsExplained(t *testing.T) {
	for arg, want := range map[string]string{
		"--max-conns=many": `--max-conns is "many"; wanted a whole number`,
		"--max-con=3":      "there is no --max-con; the nearest is --max-conns",
		"--max-message=1k": `--max-message is "1k"; wanted a size`,
		"--require=x":      "there is no --require; the nearest is --",
		"-x":               "shorthand",
		"--listen":         "needs an argument",
	} {
		r := newRig()
		err := config.Explain(r.flags.Parse([]string{arg}), r.flags)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; wanted %q", arg, err, want)
		}
	}
	other := errors.New("something else")
	if err := config.Explain(other, pflag.NewFlagSet("", pflag.ContinueOnError)); !errors.Is(err, other) {
		t.Errorf("another error became %v", err)
	}
}
