package serve_test

import (
	"context"
	"net/http"

	"github.com/janpfeifer/must"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/serve"
)

// A model among the other handlers of a program, which stops when the program wants it to.
func Example() {
	steel := serve.Model{Name: "steel", Open: func() (*classifier.Model, error) {
		model, _, err := classifier.Load("first")
		return model, err
	}}
	server := must.M1(serve.New(serve.Config{Models: []serve.Model{steel}, Unsure: 0.8}))
	defer server.Close()
	must.M(server.Load(context.Background()))
	http.Handle("/v2/", server)
	http.Handle("POST /classify", server)
	must.M(http.ListenAndServe("localhost:8080", nil))
}
