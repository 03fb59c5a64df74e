//go:build linux

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"runtime"
)

// database is the pool of database/sql with a driver that does nothing.
type database struct{ *sql.DB }

func newSQL(d demand) (pooler, error) {
	db := sql.OpenDB(trivial{d})
	db.SetMaxOpenConns(d.size)
	db.SetMaxIdleConns(d.size)
	return database{db}, nil
}

func (d database) pairs(n int, yield bool) error {
	ctx := context.Background()
	for range n {
		c, err := d.Conn(ctx)
		if err != nil {
			return err
		}
		if yield {
			runtime.Gosched()
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (d database) take() (any, error) { return d.Conn(context.Background()) }
func (d database) give(c any)         { _ = c.(*sql.Conn).Close() } // back to the pool
func (d database) close()             { _ = d.Close() }

// trivial is a driver whose connections answer nothing.
type trivial struct{ demand }

func (t trivial) Connect(context.Context) (driver.Conn, error) {
	c, err := t.connect()
	return answerless{c}, err
}
func (t trivial) Driver() driver.Driver            { return t }
func (t trivial) Open(string) (driver.Conn, error) { return t.Connect(context.Background()) }

type answerless struct{ net.Conn }

var errAnswerless = errors.New("the driver answers nothing")

func (answerless) Prepare(string) (driver.Stmt, error) { return nil, errAnswerless }
func (answerless) Begin() (driver.Tx, error)           { return nil, errAnswerless }
