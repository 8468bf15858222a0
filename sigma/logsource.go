package sigma

// logsources says which template type holds the rules for a logsource. A
// template type is one logsource category of Sigma; the fields of its
// definition are those that the source really has.
var logsources = []struct{ category, product, service, typeName string }{
	{category: "pipe_created", product: "windows", typeName: "ipc"},
}

// TypeOf returns the name of the template type for the rules of a logsource.
// It reports false if there is none yet.
func TypeOf(l Logsource) (typeName string, ok bool) {
	for _, known := range logsources {
		if l.Category.Value == known.category && l.Product.Value == known.product && l.Service.Value == known.service {
			return known.typeName, true
		}
	}
	return "", false
}
