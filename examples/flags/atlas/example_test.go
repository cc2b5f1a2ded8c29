package atlas_test

import (
	"bytes"
	"fmt"
	"image/gif"

	"coloop/examples/flags/atlas"
)

func Example() {
	metadata, _ := atlas.Metadata("br")
	fmt.Println(string(metadata))

	data, _ := atlas.GIF("br")
	flag, err := gif.DecodeConfig(bytes.NewReader(data))
	fmt.Println(flag.Width, flag.Height, err)

	_, ok := atlas.Name("XX")
	fmt.Println(ok)
	// Output:
	// {"country":"Brazil","iso_cc":"BR"}
	// 180 126 <nil>
	// false
}
