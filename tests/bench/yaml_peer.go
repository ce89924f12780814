// Reads the files named as arguments with sigs.k8s.io/yaml, all of them for each line on standard
// input, and answers "done".
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	var documents [][]byte
	for _, path := range os.Args[1:] {
		content, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		documents = append(documents, bytes.Split(content, []byte("\n---"))...)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		for _, document := range documents {
			var value any
			if err := yaml.Unmarshal(document, &value); err != nil {
				panic(err)
			}
		}
		fmt.Println("done")
	}
}
