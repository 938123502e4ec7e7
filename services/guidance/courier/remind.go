package courier

import (
	"context"
	"fmt"

	"kiveileder/internal/oslo"
	"kiveileder/services/guidance"
	"kiveileder/services/guidance/mail"
)

// Remind gives a store that queues reminders together with each question, in
// the same transaction, each due on its day. Nothing has to look for questions
// that wait, each reminder is there once however many processes run, and one
// whose question was answered is dropped when its day comes.
func Remind(s guidance.Store) (guidance.Store, error) {
	d, err := loadData()
	if err != nil {
		return nil, err
	}
	return reminding{s, d.Reminders}, nil
}

type reminding struct {
	guidance.Store
	days []int
}

func (r reminding) Append(ctx context.Context, b guidance.Batch) error {
	mails := b.Mails[:len(b.Mails):len(b.Mails)]
	for _, m := range b.Mails {
		if m.Kind != mail.Question {
			continue
		}
		for _, days := range r.days {
			at := m.At.In(oslo.Zone).AddDate(0, 0, days).UTC() // the same time of day, also over summer time
			mails = append(mails, guidance.Mail{
				ID: reminderID(m.Case, m.Seq, days), Case: m.Case, Seq: m.Seq, Kind: mail.Reminder, At: at, Status: guidance.MailQueued, Next: at,
			})
		}
	}
	b.Mails = mails
	return r.Store.Append(ctx, b)
}

func reminderID(id string, seq int64, days int) string {
	return guidance.MailID(id, seq, mail.Kind(fmt.Sprintf("%s %d", mail.Reminder, days)))
}
