// Package loginsql is what the stores of sessions in SQL have in common: how a
// session stands in columns. Statements stand where they run.
package loginsql

import (
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kiveileder/gateway/login"
)

// A Row is one that was found, of either database.
type Row = interface{ Scan(into ...any) error }

// Columns is what Scan reads, and Added what Values gives.
const (
	Columns = `key, name, person, provider, subject, sid, device, sealed, began, used`
	Added   = Columns + `, owner`
)

// Values gives what stands in the columns of a session.
func Values(s login.Session) ([]any, error) {
	person, err := json.Marshal(s.Person)
	return []any{
		s.Key, s.Name, string(person), s.Provider, s.Subject, s.SID, s.Device, s.Sealed, s.Began.UnixMicro(), s.Used.UnixMicro(), s.Person.ID,
	}, err
}

// Scan reads a session. Error: login.ErrNoSession when there is no such row.
func Scan(row Row) (s login.Session, err error) {
	var person []byte
	var began, used int64
	err = row.Scan(&s.Key, &s.Name, &person, &s.Provider, &s.Subject, &s.SID, &s.Device, &s.Sealed, &began, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows): // pgx.ErrNoRows is one
		return login.Session{}, login.ErrNoSession
	case err != nil:
		return login.Session{}, err
	}
	s.Began, s.Used = time.UnixMicro(began).UTC(), time.UnixMicro(used).UTC()
	return s, json.Unmarshal(person, &s.Person)
}
