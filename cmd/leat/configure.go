package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/cmd/leat/config"
)

// configFile is the variable that names the configuration when no flag does.
const configFile = "LEAT_CONFIG"

// A configuration is what the commands that have settings share: where their values come from, and whether to run at all.
type configuration struct {
	schema config.Schema // sections of all commands, because one file may serve them all
	file   string
	check  bool
}

// section makes flags those of a command, and the section of that name in files and in the environment.
func (conf *configuration) section(name string, flags *pflag.FlagSet) {
	conf.schema = append(conf.schema, config.Section{Name: name, Flags: flags})
}

func (conf *configuration) fileFlag(f *pflag.FlagSet) {
	f.StringVar(&conf.file, "config", "", "YAML file with a section for each command; without it, what "+configFile+" names")
}

func (conf *configuration) checkFlag(f *pflag.FlagSet) {
	f.BoolVar(&conf.check, "check", false, "check the settings, print them with their origins, and do nothing else")
}

// load gives all flags their values.
func (conf *configuration) load() (config.Settings, error) {
	settings, err := conf.schema.Load(config.Sources{File: cmp.Or(conf.file, os.Getenv(configFile)), Environ: os.Environ()})
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return settings, nil
}

// loadInto is load for flags that take the place of those of a section.
func (conf *configuration) loadInto(section string, flags *pflag.FlagSet) (config.Settings, error) {
	schema := slices.Clone(conf.schema)
	for i, s := range schema {
		if s.Name == section {
			all := pflag.NewFlagSet(section, pflag.ContinueOnError)
			all.AddFlagSet(flags)
			all.AddFlagSet(s.Flags) // those that flags lacks
			schema[i].Flags = all
		}
	}
	return (&configuration{schema: schema, file: conf.file}).load()
}

// loadTCP is load for a TCP server, whose defaults depend on what it does.
func (conf *configuration) loadTCP(cfg *assembly.TCP) (config.Settings, error) {
	settings, err := conf.load()
	if err == nil {
		cfg.Suit(func(flag string) bool { return settings.Chosen("tcp." + flag) })
		settings.Refresh("of the app " + cfg.App)
	}
	return settings, err
}

// loadUDP is load for a UDP server, and likewise.
func (conf *configuration) loadUDP(cfg *assembly.UDP) (config.Settings, error) {
	settings, err := conf.load()
	if err == nil {
		cfg.Suit(func(flag string) bool { return settings.Chosen("udp." + flag) })
		settings.Refresh("of the app " + cfg.App)
	}
	return settings, err
}

// loadProxy is load for a proxy, whose modes do not know each other's settings and have defaults of their own.
func (conf *configuration) loadProxy(cfg *assembly.Proxy) (config.Settings, error) {
	settings, err := conf.load()
	if err == nil {
		err = suitProxy(cfg, settings)
	}
	return settings, err
}

// loadProxyInto is loadProxy for flags that take the place of those of the section.
func (conf *configuration) loadProxyInto(cfg *assembly.Proxy, flags *pflag.FlagSet) error {
	settings, err := conf.loadInto("proxy", flags)
	if err == nil {
		err = suitProxy(cfg, settings)
	}
	return err
}

func suitProxy(cfg *assembly.Proxy, settings config.Settings) error {
	chosen := func(flag string) bool { return settings.Chosen("proxy." + flag) }
	if err := misplaced(cfg.Mode, chosen); err != nil {
		return &exitError{exitUsage, err}
	}
	cfg.Suit(chosen)
	settings.Refresh("of the mode " + cfg.Mode)
	return nil
}

// report is the answer to --check: the settings of a section, or what is wrong, which is also the error.
func (conf *configuration) report(c *cobra.Command, section string, settings config.Settings, wrong error) error {
	out := c.OutOrStdout()
	settings = settings.Of(section)
	if asJSON(c) {
		r := struct {
			Valid    bool            `json:"valid"`
			Errors   []string        `json:"errors,omitempty"`
			Settings config.Settings `json:"settings,omitempty"`
		}{wrong == nil, nil, settings}
		if wrong != nil {
			r.Errors = strings.Split(wrong.Error(), "\n")
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else if err := settings.WriteText(out); err != nil {
		return err
	}
	if wrong != nil {
		return &exitError{exitUsage, fmt.Errorf("the configuration is not valid: %w", wrong)}
	}
	return nil
}
