package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/v2"
)

// prefix begins the names of all variables.
const prefix = "LEAT_"

// environment reads the variables of all sections, and says which of them no flag has. Variables with the prefix that
// belong to no section are not ours to judge.
func (s Schema) environment(environ []string) (layer, []error) {
	keys := map[string]string{}
	for _, k := range s.known() {
		keys[variable(k)] = k
	}
	var wrong []error
	l := layer{koanf.New("."), "the environment", nil}
	err := l.values.Load(env.Provider(".", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return slices.Sorted(slices.Values(environ)) },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := keys[name]
			if !ok && s.claims(name) && !serviceLink(name, value) {
				wrong = append(wrong, s.unknownVariable(name))
			}
			return key, value
		},
	}), nil)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("the environment cannot be read: %w", err))
	}
	return l, wrong
}

func (s Schema) unknownVariable(name string) error {
	var names []string
	for _, k := range s.known() {
		names = append(names, variable(k))
	}
	return unknown("the environment", name, names)
}

// claims says whether a variable belongs to one of the sections.
func (s Schema) claims(name string) bool {
	return slices.ContainsFunc(s, func(sec Section) bool { return strings.HasPrefix(name, variable(sec.Name)+"_") })
}

// serviceLink says whether Kubernetes has set a variable: in every container it describes each service of the namespace in
// variables that begin with the service's name, so a service leat-tcp gives LEAT_TCP_SERVICE_HOST, LEAT_TCP_PORT and the like.
func serviceLink(name, value string) bool {
	if strings.Contains(name, "_SERVICE_HOST") || strings.Contains(name, "_SERVICE_PORT") {
		return true
	}
	_, rest, ok := strings.Cut(name, "_PORT")
	if !ok {
		return false
	}
	return rest == "" && strings.Contains(value, "://") ||
		strings.HasPrefix(rest, "_") && slices.ContainsFunc([]string{"_TCP", "_UDP", "_SCTP"}, func(p string) bool {
			_, after, ok := strings.Cut(rest, p)
			return ok && slices.Contains([]string{"", "_PROTO", "_PORT", "_ADDR"}, after)
		})
}
