package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"kiveileder/internal/telemetry"
)

// What is traced reaches the collector when the process ends, with the role's
// name; a collector that is away holds up nobody.
func TestTrace(t *testing.T) {
	var got tracepb.TracesData
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %v %v", r.URL, r.Header, err)
		}
		if err := proto.Unmarshal(b, &got); err != nil {
			t.Error(err)
		}
	}))
	defer collector.Close()
	stop, err := telemetry.Trace(t.Context(), collector.URL+"/", "services", "v1", 1, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(context.Background(), "turn")
	span.End()
	if err := stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(got.ResourceSpans) != 1 || got.ResourceSpans[0].ScopeSpans[0].Spans[0].Name != "turn" {
		t.Fatalf("got %v", &got)
	}
	if name := got.ResourceSpans[0].Resource.Attributes[0].Value.GetStringValue(); name != "kiveileder-services" {
		t.Errorf("the role is %q", name)
	}
	lost := 0
	stop, err = telemetry.Trace(t.Context(), "http://127.0.0.1:1", "services", "v1", 1, func(error) { lost++ })
	if err != nil {
		t.Fatal(err)
	}
	_, span = otel.Tracer("test").Start(context.Background(), "turn")
	span.End()
	if err := stop(t.Context()); err != nil || lost != 1 {
		t.Errorf("%v, lost %d times", err, lost)
	}
}
