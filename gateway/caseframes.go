package gateway

import (
	"context"
	"errors"

	"kiveileder"
	"kiveileder/gateway/wire"
	"kiveileder/services/guidance"
	"kiveileder/services/queue"
)

// handOver takes the frame hand_over.
func (s *session) handOver(ctx context.Context, r wire.Request) error {
	h := r.HandOver
	q := queue.HandOver{ID: h.ID, Question: h.Question, Project: h.Project, Agency: h.Agency, Publish: h.Publish, Language: h.Language}
	if h.Contact != nil {
		q.Contact = guidance.Contact{Name: h.Contact.Name, Email: h.Contact.Email, Phone: h.Contact.Phone}
	}
	return s.withCase(ctx, r, func(ctx context.Context, f *feed) error {
		c, err := s.g.handOver(ctx, s.client, f.id, f.key, q, s.lang)
		if err != nil {
			return err
		}
		f.answerCase(r.ID, c)
		s.g.tellCases(f.key, []queue.AskerCase{c})
		return nil
	})
}

// caseCommand takes the frame case_command.
func (s *session) caseCommand(ctx context.Context, r wire.Request) error {
	return s.withCase(ctx, r, func(ctx context.Context, f *feed) error {
		q := r.Command
		res, err := s.g.tell(ctx, f.key, q.Case, command{ID: q.ID, Kind: guidance.Kind(q.Kind), Data: q.Data, Seen: q.Seen}, s.lang)
		if err != nil {
			return err
		}
		if res.Refused != nil {
			f.answerCase("", res.Case)
		} else {
			f.answerCase(r.ID, res.Case)
		}
		s.g.tellCases(f.key, []queue.AskerCase{res.Case})
		if res.Refused != nil {
			return kiveileder.Errorf(res.Refused.Code, "%s", s.g.whyRefused(res.Refused, s.lang))
		}
		return nil
	})
}

// withCase does something that counts like a question in a conversation, which
// it opens when it is not.
func (s *session) withCase(ctx context.Context, r wire.Request, do func(context.Context, *feed) error) error {
	if s.g.Cases == nil {
		return kiveileder.Errorf(kiveileder.CodeNotFound, "%s", s.g.Texts.Get("error_case_closed", s.lang))
	}
	if err := s.g.take(ctx, s.g.limits, s.client, s.lang); err != nil {
		return err
	}
	if !s.g.turns.begin() { // the client comes back and sends it again, elsewhere
		s.conn.Close(wire.CloseRestart)
		return nil
	}
	defer s.g.turns.end()
	s.mu.Lock()
	f := s.feeds[r.Conversation]
	s.mu.Unlock()
	if f == nil {
		var err error
		if f, err = s.open(ctx, wire.Request{Conversation: r.Conversation}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	defer cancel()
	err := do(ctx, f)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &kiveileder.Error{Code: kiveileder.CodeUnavailable, Message: "timeout", Err: err}
	}
	return err
}
