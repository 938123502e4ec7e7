package register_test

import (
	"encoding/xml"
	"maps"
	"testing"

	"kiveileder/services/guidance/register"
)

// A page of the feed names the others, and stands where they say.
func TestFeedPages(t *testing.T) {
	const feed = "https://ki.example.no/svar/feed.atom"
	for _, c := range []struct {
		page, pages int
		want        map[string]string
	}{
		{0, 0, map[string]string{"self": feed}},
		{1, 1, map[string]string{"self": feed}},
		{1, 3, map[string]string{"self": feed, "first": feed, "last": feed + "?side=3", "next": feed + "?side=2"}},
		{2, 3, map[string]string{"self": feed + "?side=2", "first": feed, "last": feed + "?side=3", "previous": feed, "next": feed + "?side=3"}},
		{3, 3, map[string]string{"self": feed + "?side=3", "first": feed, "last": feed + "?side=3", "previous": feed + "?side=2"}},
	} {
		b, err := register.Feed(register.Site{Origin: "https://ki.example.no", Page: c.page, Pages: c.pages}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Links []struct {
				Rel  string `xml:"rel,attr"`
				Href string `xml:"href,attr"`
			} `xml:"link"`
		}
		if err := xml.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, l := range f.Links {
			got[l.Rel] = l.Href
		}
		c.want["alternate"] = "https://ki.example.no/svar"
		if !maps.Equal(got, c.want) {
			t.Errorf("page %d of %d: %v, want %v", c.page, c.pages, got, c.want)
		}
	}
}
