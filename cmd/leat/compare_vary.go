package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
	"github.com/leat-io/leat/pipeline/compare"
)

// An axis is a flag and the values that it takes.
type axis struct {
	flag   string
	values []string
}

// A choice is a flag with one of its values.
type choice struct{ flag, value string }

// axes reads --vary.
func (cmp *comparison) axes() (all []axis, err error) {
	if len(cmp.vary) == 0 {
		return nil, fmt.Errorf("say what to vary, such as --vary %s", cmp.subject.suggestion)
	}
	for _, v := range cmp.vary {
		flag, values, ok := strings.Cut(v, "=")
		flag = strings.TrimLeft(flag, "-")
		a := axis{flag, strings.Split(values, ",")}
		known := cmp.names()
		switch {
		case !slices.Contains(known, flag):
			return nil, fmt.Errorf("--vary %s: leat %s has no flag %q; the nearest is %s. It has %s",
				v, cmp.subject.name, flag, config.Nearest(flag, known), strings.Join(known, ", "))
		case !ok:
			return nil, fmt.Errorf("--vary %s: it has no values; wanted %s=value,value", v, flag)
		case slices.ContainsFunc(all, func(o axis) bool { return o.flag == flag }):
			return nil, fmt.Errorf("--vary %s: %s is varied twice", v, flag)
		case cmp.given.Changed(flag):
			return nil, fmt.Errorf("--vary %s: --%s is given, too; which one counts?", v, flag)
		}
		all = append(all, a)
	}
	return all, nil
}

// names are the flags that can be varied.
func (cmp *comparison) names() (names []string) {
	cmp.given.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return names
}

// product is every combination of values, those of the last axis changing fastest. It stops one beyond what can be compared.
func product(axes []axis) [][]choice {
	all := [][]choice{nil}
	for _, a := range axes {
		var next [][]choice
		for _, c := range all {
			for _, v := range a.values {
				if len(next) > compare.MaxVariants {
					break
				}
				next = append(next, append(slices.Clone(c), choice{a.flag, v}))
			}
		}
		all = next
	}
	return all
}

// variants are those of the command line, the base first.
func (cmp *comparison) variants(timed bool) ([]compare.Variant, error) {
	axes, err := cmp.axes()
	if err != nil {
		return nil, err
	}
	l, err := parseLoad(cmp.load)
	if err != nil {
		return nil, err
	}
	if len(l.cfg.Profile) > 0 {
		if timed {
			return nil, errors.New("the profile of --load has its own times; --time and --warmup cannot be given with it")
		}
		cmp.cfg.Warmup = l.cfg.Profile.Warmup()
		cmp.cfg.Duration = l.cfg.Profile.Length() - cmp.cfg.Warmup
	}
	if cmp.cfg.Warmup == 0 {
		cmp.cfg.Warmup = compare.NoWarmup
	}
	var variants []compare.Variant
	for _, choices := range product(axes) {
		v, err := cmp.variant(choices, l)
		if err != nil {
			return nil, err
		}
		variants = append(variants, v)
	}
	if cmp.base == "" {
		return variants, nil
	}
	var names []string
	for i, v := range variants {
		if v.Name == cmp.base {
			return append([]compare.Variant{v}, slices.Delete(variants, i, i+1)...), nil
		}
		names = append(names, fmt.Sprintf("%q", v.Name))
	}
	return nil, fmt.Errorf("there is no variant %q to compare with; there are %s", cmp.base, strings.Join(names, ", "))
}

// variant gives the assembly the flags that hold for all, then those of the variant, then what the environment and a file
// say, then what suits.
func (cmp *comparison) variant(choices []choice, l *loading) (compare.Variant, error) {
	flags, cand := cmp.subject.fresh()
	cmp.given.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			_ = flags.Set(f.Name, f.Value.String()) // it was parsed from there
		}
	})
	var words, args []string
	for _, c := range choices {
		words = append(words, c.flag+"="+c.value)
		if err := flags.Set(c.flag, c.value); err != nil {
			return compare.Variant{}, fmt.Errorf("--vary %s=...: %w", c.flag, config.Explain(err, flags))
		}
	}
	name := strings.Join(words, " ")
	settings, err := cmp.conf.loadInto(cmp.subject.name, flags)
	if err != nil {
		return compare.Variant{}, err
	}
	cand.suit(func(flag string) bool { return settings.Chosen(cmp.subject.name + "." + flag) })
	if err := cand.check(); err != nil {
		return compare.Variant{}, fmt.Errorf("the variant %s: %w", name, err)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	return compare.Variant{
		Name: name, Detail: commandLine(append([]string{cmp.subject.name}, args...)),
		Open: cand.open, Load: l.against(cand.dialect()),
	}, nil
}

// completeVary completes the flag, then its values where they are words.
func (cmp *comparison) completeVary(_ *cobra.Command, _ []string, typed string) (all []string, _ cobra.ShellCompDirective) {
	flag, _, ok := strings.Cut(typed, "=")
	if !ok {
		for _, name := range cmp.names() {
			all = append(all, name+"=")
		}
	} else if words := cmp.subject.words[flag]; len(words) > 0 {
		all = []string{flag + "=" + strings.Join(words, ",")}
	}
	return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
