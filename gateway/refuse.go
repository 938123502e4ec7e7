package gateway

import (
	"html/template"
	"io"
	"net/http"
	"strings"

	"kiveileder"
	"kiveileder/web"
)

var refusePage = template.Must(template.New("refuse").Parse(`<!doctype html>
<html lang="{{.Lang}}" data-color-scheme="auto">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Message}} – KI-veileder</title>
<link rel="stylesheet" href="{{.Style}}">
</head>
<body>
<main id="main">
  <div class="column">
    <h1>{{.Message}}</h1>
    <ul>
      {{if .Again}}<li><a href="/login">{{.Again}}</a></li>{{end}}
      <li><a href="/">KI-veileder</a></li>
    </ul>
  </div>
</main>
</body>
</html>
`))

// Refuse tells somebody that they are not let in: a page for people, JSON for
// programs. It is for login.Config.Refuse; the message may be shown.
func (g *Gateway) Refuse(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	if strings.HasPrefix(r.URL.Path, "/v1/") || !strings.Contains(r.Header.Get("Accept"), "html") {
		var b errorBody
		b.Error.Code, b.Error.Message, b.Error.Request = kiveileder.Code(code), message, requestID(r.Context())
		g.reply(w, status, b)
		return
	}
	lang, again := LanguageOf(r), ""
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		again = g.Texts.Get("case_sign_in", lang)
	}
	g.privatePage(w, r, status, func(out io.Writer) error {
		return refusePage.Execute(out, map[string]any{"Lang": lang, "Message": message, "Again": again, "Style": web.Asset("app.css")})
	})
}
