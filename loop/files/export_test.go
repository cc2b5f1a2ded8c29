package files

// BeginPart makes a temporary file of r's and returns its name.
func BeginPart(r *Replacer, name string) string {
	part, err := r.create(name, 0o644)
	if err != nil {
		panic(err)
	}
	_ = part.Close()
	return part.Name()
}

// Piece is how many bytes a job reads or writes at most.
const Piece = piece
