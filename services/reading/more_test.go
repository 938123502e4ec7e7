package reading

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var more = flag.String("more", "testdata/more.txt", "texts with their facts")

// Texts beside the cases, each with the facts it says.
func TestMore(t *testing.T) {
	r := reader(t)
	b, err := os.ReadFile(*more)
	if err != nil {
		t.Fatal(err)
	}
	right, n := 0, 0
	for line := range strings.Lines(string(b)) {
		text, facts, ok := strings.Cut(line, " => ")
		if !ok {
			continue
		}
		n++
		var want []string
		for f := range strings.FieldsSeq(facts) {
			k, v, _ := strings.Cut(f, "=")
			for x := range strings.SplitSeq(v, ",") {
				want = append(want, k+"="+x)
			}
		}
		rs := r.Read(text)
		got := flat(Merge(rs))
		var off []string
		for _, f := range want {
			if !slices.Contains(got, f) {
				off = append(off, "- "+f)
			}
		}
		for _, f := range got {
			if !slices.Contains(want, f) && !noEffect(f) {
				i := slices.IndexFunc(rs, func(x Reading) bool { return x.key() == f })
				off = append(off, fmt.Sprintf("+ %s {%s: %s}", f, rs[i].Rule, rs[i].Words))
			}
		}
		if len(off) == 0 {
			right++
		} else if *misses {
			fmt.Printf("%s\n   %s\n", text, strings.Join(off, "\n   "))
		}
	}
	t.Logf("exactly right: %d of %d", right, n)
}
