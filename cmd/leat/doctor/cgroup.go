package doctor

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// errNoCgroup is returned where no controller of the kind is mounted.
var errNoCgroup = errors.New("no cgroup of this kind is mounted")

// cgroup returns the directories of the control group of this process that may limit a controller ("cpu" or "memory"): its
// own and those above it, as far as they can be seen from here. Where version 1 has the controller, it counts; else version 2
// (cgroups(7)).
func (x *examination) cgroup(controller string) (dirs []string, err error) {
	groups, err := x.text("proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	mounts, err := x.text("proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	two := ""
	for line := range strings.Lines(groups) { // hierarchy:controllers:path
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) < 3 {
			continue
		}
		for c := range strings.SplitSeq(part[1], ",") {
			if c == controller {
				return ancestry(mounts, "cgroup", controller, part[2])
			}
		}
		if part[0] == "0" && part[1] == "" {
			two = part[2]
		}
	}
	if two == "" {
		return nil, errNoCgroup
	}
	return ancestry(mounts, "cgroup2", "", two)
}

// ancestry finds the mount of a controller and lists the directories from group up to it.
func ancestry(mounts, kind, controller, group string) (dirs []string, err error) {
	for line := range strings.Lines(mounts) { // id parent device root point options... - kind source options
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 || right[0] != kind || !has(right[2], controller) {
			continue
		}
		root, point := left[3], strings.TrimPrefix(left[4], "/")
		inside, ok := strings.CutPrefix(group, root)
		if !ok || root != "/" && inside != "" && inside[0] != '/' {
			inside = "" // the group is named as the host sees it, but only what lies below root is mounted here
		}
		for dir := path.Join(point, inside); ; dir = path.Dir(dir) {
			dirs = append(dirs, dir)
			if len(dir) <= len(point) {
				return dirs, nil
			}
		}
	}
	return nil, errNoCgroup
}

// has says whether a list of options has one; the empty option is in all.
func has(options, one string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if one == "" || o == one {
			return true
		}
	}
	return false
}

// cpuQuota is the least number of processors that any of the groups allows, or 0 for no limit.
func (x *examination) cpuQuota(dirs []string) (least float64, err error) {
	seen := false
	for _, dir := range dirs {
		cpus, err := x.groupQuota(dir)
		if err != nil {
			continue // the root of a hierarchy has no such file
		}
		seen = true
		if cpus > 0 && (least == 0 || cpus < least) {
			least = cpus
		}
	}
	if !seen && len(dirs) > 1 {
		return 0, fmt.Errorf("/%s has no quota to read", dirs[0])
	}
	return least, nil
}

func (x *examination) groupQuota(dir string) (cpus float64, err error) {
	var quota, period string
	if s, err := x.text(dir + "/cpu.max"); err == nil { // version 2: "max 100000"
		quota, period, _ = strings.Cut(s, " ")
	} else {
		if quota, err = x.text(dir + "/cpu.cfs_quota_us"); err != nil {
			return 0, err
		}
		if period, err = x.text(dir + "/cpu.cfs_period_us"); err != nil {
			return 0, err
		}
	}
	if quota == "max" || quota == "-1" {
		return 0, nil
	}
	q, err := strconv.ParseFloat(quota, 64)
	if err != nil {
		return 0, err
	}
	p, err := strconv.ParseFloat(period, 64)
	if err != nil || p <= 0 {
		return 0, fmt.Errorf("/%s has a period of %q", dir, period)
	}
	return q / p, nil
}

// memoryLimit is the least that any of the groups allows, or unlimited.
func (x *examination) memoryLimit(dirs []string) (least int64) {
	least = unlimited
	for _, dir := range dirs {
		for _, name := range []string{"/memory.max", "/memory.limit_in_bytes"} {
			s, err := x.text(dir + name)
			if err != nil || s == "max" {
				continue
			}
			if n, err := number(s); err == nil {
				least = min(least, n)
			}
		}
	}
	return least
}
