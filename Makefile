# What people type most. .ci/run is what decides whether a change is good.
export CGO_ENABLED ?= 0
GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: build test race lint docs demo ci

build: ## both programs, into bin/
	go build -trimpath -o bin/ ./cmd/...

test:
	go test ./...

race: ## needs a C compiler
	CGO_ENABLED=1 go test -race ./...

lint:
	gofmt -l . | (! grep .)
	go vet ./...
	$(GOLANGCI) run

docs: ## rewrite docs/permissions.md and docs/keys.md from the code
	go test ./desk -run TestPermissionsDocument -update
	go test . -run TestKeysDocument -update

demo: build ## a desk with customers who talk, on this machine only
	./bin/frontdeskd demo

ci:
	.ci/run
