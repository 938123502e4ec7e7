// Package rules judges a project by the rules that stand as data in
// corpus/rules: which approvals it needs, which it does not, what is open, and
// which fact to ask for next. It decides nothing by itself.
//
// [Load] reads the rules and compiles their conditions once. [Set.Evaluate]
// judges facts: the same facts give the same result, whatever their order. A
// fact that is not given is unknown, and a condition that rests on it is
// neither true nor false: unknown is never no. [Set.Explain] says for every
// rule why it holds, does not, or is open, and which single fact would change
// the result. [Lint] proves what must hold of the data, and [Set.RunCases] runs
// the cases that jurists write beside the rules.
//
// A Set is read-only after Load and safe for concurrent use.
package rules
