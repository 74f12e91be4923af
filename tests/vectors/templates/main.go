// Prints what Go makes of templates.txt, for tests that need no Go:
//
//	go run main.go > expected.jsonl
//
// Each line of templates.txt is a template as a JSON string. The functions are those of docker's
// templates package. The row is data.json, with lists and maps of strings typed as docker's are,
// and whole numbers as integers.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"text/template"
)

var functions = template.FuncMap{
	"json": func(v any) string {
		buf := &bytes.Buffer{}
		enc := json.NewEncoder(buf)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(v)
		return strings.TrimSpace(buf.String())
	},
	"split": strings.Split,
	"join":  strings.Join,
	"title": strings.Title,
	"lower": strings.ToLower,
	"upper": strings.ToUpper,
	"pad": func(s string, before, after int) string {
		if s == "" {
			return s
		}
		return strings.Repeat(" ", before) + s + strings.Repeat(" ", after)
	},
	"truncate": func(s string, length int) string {
		if len(s) < length {
			return s
		}
		return s[:length]
	},
}

// typed turns decoded JSON into the types that docker's rows have.
func typed(value any) any {
	switch value := value.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return int(whole)
		}
		float, _ := value.Float64()
		return float
	case []any:
		texts := make([]string, 0)
		for i := range value {
			if text, ok := value[i].(string); ok {
				texts = append(texts, text)
			}
			value[i] = typed(value[i])
		}
		if len(texts) == len(value) {
			return texts
		}
	case map[string]any:
		texts := map[string]string{}
		for key := range value {
			if text, ok := value[key].(string); ok {
				texts[key] = text
			}
			value[key] = typed(value[key])
		}
		if len(texts) == len(value) {
			return texts
		}
	}
	return value
}

type result struct {
	Template string `json:"template"`
	Output   string `json:"output"`
	Fails    bool   `json:"fails,omitempty"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	data, err := os.Open("data.json")
	must(err)
	decoder := json.NewDecoder(data)
	decoder.UseNumber()
	var row any
	must(decoder.Decode(&row))
	row = typed(row)

	input, err := os.Open("templates.txt")
	must(err)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		var source string
		must(json.Unmarshal(lines.Bytes(), &source))
		var printed bytes.Buffer
		parsed, err := template.New("").Funcs(functions).Parse(source)
		if err == nil {
			err = parsed.Execute(&printed, row)
		}
		if err != nil {
			must(out.Encode(result{Template: source, Fails: true}))
			continue
		}
		must(out.Encode(result{Template: source, Output: printed.String()}))
	}
	must(lines.Err())
}
