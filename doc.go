// Package kiveileder holds the vocabulary of KI-veileder, a service that
// answers which rules hold for projects with artificial intelligence in
// Norwegian health care, in the sources' own words.
//
// The types here are what the parts of the service speak with each other:
// a [Source] is cut into [Passage]s; a [Turn] carries what a person asked; an
// [Answer] carries the [Citation]s. They use the standard library alone.
//
// The code base, from the data upwards:
//
//   - corpus: the sources, the question bank and the glossary as data, loaded
//     and linted; corpus/ingest reads new documents.
//   - retriever: embeddings (retriever/embed), candidates (retriever/index),
//     scoring and fusion, and the judgement whether the sources answer.
//   - services/privacy and services/dialogue: one turn, from message to answer.
//   - gateway: HTTP and WebSocket, the pages, limits.
//   - internal/app: configuration and wiring; cmd/kiveileder: the command line.
package kiveileder
