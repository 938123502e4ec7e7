// Package lang tells which language a question is written in: bokmål, nynorsk,
// English, Swedish or Danish. It works on messages of one to three words, on
// keyword lists, with typing errors and without æ, ø and å; it is
// deterministic and looks at no more than the first words of a long text.
//
// Words are looked up in the lists of data/; a word that no list holds is
// judged by its ending and by its three-letter pieces, as the lists use them.
// When nothing speaks clearly for another language the answer is bokmål.
//
// Limits: a text of terms that all languages share ("MDR klasse IIa") is
// bokmål; a single word that bokmål and Danish or nynorsk spell alike is bokmål;
// other languages come out as one of the five, with low confidence; a text in
// two languages gets the one with more function words.
package lang
