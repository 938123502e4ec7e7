package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// post sends JSON, with a conversation's id as the bearer, and gives the answer.
func post(ctx context.Context, url, bearer string, body []byte) ([]byte, error) {
	return request(ctx, http.MethodPost, url, bearer, body)
}

func request(ctx context.Context, method, url, bearer string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return nil, fmt.Errorf("status %s: %.200s", resp.Status, b)
	}
	return b, err
}

// newConversation gives the id of a new one.
func newConversation(ctx context.Context, s *server) (string, error) {
	b, err := post(ctx, s.url+"/v1/conversation", "", nil)
	if err != nil {
		return "", err
	}
	var made struct{ Conversation string }
	err = json.Unmarshal(b, &made)
	return made.Conversation, err
}
