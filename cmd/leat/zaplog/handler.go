package zaplog

import (
	"context"
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// A handler is a slog.Handler that writes through a core of zap.
type handler struct {
	core   zapcore.Core
	groups []string // opened, without an attribute in them yet: an empty group leaves no trace
}

// levelOf is the level of zap that is not above l.
func levelOf(l slog.Level) zapcore.Level {
	switch {
	case l >= slog.LevelError:
		return zapcore.ErrorLevel
	case l >= slog.LevelWarn:
		return zapcore.WarnLevel
	case l >= slog.LevelInfo:
		return zapcore.InfoLevel
	}
	return zapcore.DebugLevel
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return h.core.Enabled(levelOf(l)) }

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	fields := make([]zapcore.Field, 0, r.NumAttrs()+len(h.groups))
	r.Attrs(func(a slog.Attr) bool {
		fields = appendAttr(fields, a)
		return true
	})
	if len(fields) > 0 {
		fields = append(h.namespaces(), fields...)
	}
	e := zapcore.Entry{Level: levelOf(r.Level), Time: r.Time, Message: r.Message}
	return h.core.Write(e, fields)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var fields []zapcore.Field
	for _, a := range attrs {
		fields = appendAttr(fields, a)
	}
	if len(fields) == 0 {
		return h
	}
	return &handler{core: h.core.With(append(h.namespaces(), fields...))}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{core: h.core, groups: append(h.groups[:len(h.groups):len(h.groups)], name)}
}

func (h *handler) namespaces() (fields []zapcore.Field) {
	for _, g := range h.groups {
		fields = append(fields, zapcore.Field{Key: g, Type: zapcore.NamespaceType})
	}
	return fields
}

// appendAttr appends what zap makes of an attribute: nothing of an empty one, its members of a group without a name.
func appendAttr(dst []zapcore.Field, a slog.Attr) []zapcore.Field {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return dst
	}
	if a.Value.Kind() != slog.KindGroup {
		return append(dst, field(a))
	}
	members := a.Value.Group()
	if a.Key == "" {
		for _, m := range members {
			dst = appendAttr(dst, m)
		}
		return dst
	}
	if g := group(members); len(g.fields()) > 0 {
		return append(dst, zapcore.Field{Key: a.Key, Type: zapcore.ObjectMarshalerType, Interface: g})
	}
	return dst
}

// A group is attributes that become an object.
type group []slog.Attr

func (g group) fields() (fields []zapcore.Field) {
	for _, a := range g {
		fields = appendAttr(fields, a)
	}
	return fields
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (g group) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, f := range g.fields() {
		f.AddTo(enc)
	}
	return nil
}
