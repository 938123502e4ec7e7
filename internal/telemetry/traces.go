package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Trace sends the traces of a role to an OpenTelemetry collector at url
// (http://host:4318), a share of them, and passes their ids on to the roles
// that it calls. An empty url traces nothing. A collector that is away costs
// nothing but the traces; failed is told. Call stop at the end.
func Trace(ctx context.Context, url, role, version string, share float64, failed func(error)) (stop func(context.Context) error, err error) {
	otel.SetTextMapPropagator(propagation.TraceContext{})
	if url == "" {
		return func(context.Context) error { return nil }, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	e, err := otlptrace.New(ctx, &collector{url: strings.TrimRight(url, "/") + "/v1/traces"})
	if err != nil {
		return nil, fmt.Errorf("traces to %s: %w", url, err)
	}
	p := trace.NewTracerProvider(
		trace.WithBatcher(e),
		trace.WithSampler(trace.ParentBased(trace.TraceIDRatioBased(share))),
		trace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "kiveileder-"+role),
			attribute.String("service.version", version),
		)),
	)
	otel.SetTracerProvider(p)
	return p.Shutdown, nil
}

// A collector takes traces as OTLP over HTTP does: a protobuf message in a
// POST. The library's own client for it carries all of gRPC along.
type collector struct {
	url  string
	http http.Client
}

// Start implements otlptrace.Client.
func (c *collector) Start(context.Context) error {
	c.http.Timeout = 10 * time.Second
	return nil
}

// Stop implements otlptrace.Client.
func (c *collector) Stop(context.Context) error { c.http.CloseIdleConnections(); return nil }

// UploadTraces implements otlptrace.Client. What the collector does not take
// is lost.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	b, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans}) // the form of an export request, field by field
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(b))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the collector at %s says %s", c.url, resp.Status)
	}
	return nil
}
