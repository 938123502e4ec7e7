package pgvector

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"sync"

	"github.com/jackc/pgx/v5"
)

// copyRows copies rows in Postgres's binary form, frozen: nobody has seen the
// table yet, and no vacuum needs to come by later.
func copyRows(ctx context.Context, tx pgx.Tx, into string, rows func(*rowWriter) error) error {
	out, in := io.Pipe()
	var wg sync.WaitGroup
	wg.Go(func() {
		w := &rowWriter{out: in}
		w.buf.WriteString("PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00")
		err := rows(w)
		if err == nil {
			w.buf.WriteString("\xff\xff")
			err = w.flush()
		}
		in.CloseWithError(err)
	})
	_, err := tx.Conn().PgConn().CopyFrom(ctx, out, `copy `+into+` from stdin (format binary, freeze)`)
	out.Close() // ends the rows when the server reads no further
	wg.Wait()
	return err
}

// A rowWriter writes rows in the binary form of COPY.
type rowWriter struct {
	buf bytes.Buffer
	out io.Writer
}

func (w *rowWriter) begin(fields int) {
	w.buf.Write(binary.BigEndian.AppendUint16(w.buf.AvailableBuffer(), uint16(fields)))
}

func (w *rowWriter) integer(x int32) {
	b := binary.BigEndian.AppendUint32(w.buf.AvailableBuffer(), 4)
	w.buf.Write(binary.BigEndian.AppendUint32(b, uint32(x)))
}

func (w *rowWriter) bytes(x []byte) {
	w.buf.Write(binary.BigEndian.AppendUint32(w.buf.AvailableBuffer(), uint32(len(x))))
	w.buf.Write(x)
}

func (w *rowWriter) halfvec(x []uint16) {
	b := binary.BigEndian.AppendUint32(w.buf.AvailableBuffer(), uint32(4+2*len(x)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(x)))
	b = binary.BigEndian.AppendUint16(b, 0)
	for _, h := range x {
		b = binary.BigEndian.AppendUint16(b, h)
	}
	w.buf.Write(b)
}

// end ends a row.
func (w *rowWriter) end() error {
	if w.buf.Len() < 64<<10 {
		return nil
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	_, err := w.out.Write(w.buf.Bytes())
	w.buf.Reset()
	return err
}
