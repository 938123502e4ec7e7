package corpus

// A Glossary holds the field's words: terms with their synonyms, agencies with
// their former names, laws with their short names.
type Glossary struct {
	Terms    []Term   `yaml:"terms"`
	Agencies []Agency `yaml:"agencies"`
	Laws     []Law    `yaml:"laws"`
}

// A Term is a word of the sources with the words that people use for it.
type Term struct {
	Term              string   `yaml:"term"`
	Abbreviations     []string `yaml:"abbreviations,omitempty"`
	Nynorsk           []string `yaml:"nynorsk,omitempty"`
	English           []string `yaml:"english,omitempty"`
	Everyday          []string `yaml:"everyday,omitempty"`
	DefinitionPassage string   `yaml:"definition_passage,omitempty"`
}

// An Agency is an authority or body, with the names it had.
type Agency struct {
	Key           string   `yaml:"key"`
	Name          string   `yaml:"name"`
	Abbreviations []string `yaml:"abbreviations,omitempty"`
	Nynorsk       []string `yaml:"nynorsk,omitempty"`
	English       []string `yaml:"english,omitempty"`
	Former        []Former `yaml:"former,omitempty"`
	Website       string   `yaml:"website,omitempty"`
	Duty          string   `yaml:"duty,omitempty"`
}

// Former is a name that an agency had until a day, also the name of an agency
// whose duties it took over.
type Former struct {
	Name          string   `yaml:"name"`
	Abbreviations []string `yaml:"abbreviations,omitempty"`
	Until         string   `yaml:"until,omitempty"`       // ISO date
	Unconfirmed   bool     `yaml:"unconfirmed,omitempty"` // no source says so: not shown before a lawyer has confirmed it
}

// A Law is a statute or regulation with the short names people write.
type Law struct {
	Key     string   `yaml:"key"`
	Short   []string `yaml:"short,omitempty"`
	Title   string   `yaml:"title,omitempty"`
	Lovdata string   `yaml:"lovdata,omitempty"`
}
