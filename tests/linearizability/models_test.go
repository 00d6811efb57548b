package main

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// one is an operation between two moments.
func one(call, end int64, asked request, answered outcome) porcupine.Operation {
	return porcupine.Operation{ClientId: asked.who, Input: asked, Call: call, Output: answered, Return: end}
}

// Each rule takes what may be answered, and refuses what may not: what is checked with it could fail.
func TestRules(t *testing.T) {
	made := outcome{status: 201, value: "a"}
	other := outcome{status: 201, value: "b"}
	create := request{kind: "create"}
	for _, example := range []struct {
		about    string
		model    porcupine.Model
		is       porcupine.CheckResult
		happened []porcupine.Operation
	}{
		{"who registers at the same time as another may be late", registerModel, porcupine.Ok, []porcupine.Operation{
			one(1, 9, request{kind: "register"}, outcome{status: 409, code: "email_taken"}),
			one(2, 8, request{kind: "register"}, outcome{status: 201}),
		}},
		{"two have the same address", registerModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 2, request{kind: "register"}, outcome{status: 201}),
			one(1, 3, request{kind: "register"}, outcome{status: 201}),
		}},
		{"an account is not there yet at the other server", registerModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 2, request{kind: "register"}, outcome{status: 201}),
			one(3, 4, request{kind: "login"}, outcome{status: 401}),
		}},
		{"two change the same version", renameModel, porcupine.Illegal, []porcupine.Operation{
			one(-2, -1, request{kind: "made"}, outcome{status: 201, value: "first", etag: "1"}),
			one(1, 4, request{kind: "rename", target: "1", value: "x"}, outcome{status: 200, value: "x", etag: "2"}),
			one(2, 3, request{kind: "rename", target: "1", value: "y"}, outcome{status: 200, value: "y", etag: "3"}),
		}},
		{"a read is behind", renameModel, porcupine.Illegal, []porcupine.Operation{
			one(-2, -1, request{kind: "made"}, outcome{status: 201, value: "first", etag: "1"}),
			one(1, 2, request{kind: "rename", target: "1", value: "x"}, outcome{status: 200, value: "x", etag: "2"}),
			one(3, 4, request{kind: "read"}, outcome{status: 200, value: "first", etag: "1"}),
		}},
		{"the second of two changes comes too late", renameModel, porcupine.Ok, []porcupine.Operation{
			one(-2, -1, request{kind: "made"}, outcome{status: 201, value: "first", etag: "1"}),
			one(1, 4, request{kind: "rename", target: "1", value: "x"}, outcome{status: 412}),
			one(2, 3, request{kind: "rename", target: "1", value: "y"}, outcome{status: 200, value: "y", etag: "3"}),
		}},
		{"more artifacts than there may be", artifactsModel, porcupine.Illegal, manyMade(artifactsOfEach + 1)},
		{"as many artifacts as there may be", artifactsModel, porcupine.Ok, manyMade(artifactsOfEach)},
		{"more workspaces than there may be", workspacesModel, porcupine.Illegal, manyMade(workspacesOfEach + 1)},
		{"a list lacks what was made", workspacesModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 2, create, made), one(3, 4, request{kind: "list"}, outcome{status: 200}),
		}},
		{"two owners of two demote each other", ownersModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 5, request{kind: "role", who: 0, target: "1", value: "member"}, outcome{status: 200}),
			one(1, 5, request{kind: "role", who: 1, target: "0", value: "member"}, outcome{status: 200}),
		}},
		{"all owners leave", ownersModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 5, request{kind: "leave", who: 0}, outcome{status: 200}),
			one(1, 5, request{kind: "leave", who: 1}, outcome{status: 200}),
			one(1, 5, request{kind: "leave", who: 2}, outcome{status: 200}),
		}},
		{"the last owner stays", ownersModel, porcupine.Ok, []porcupine.Operation{
			one(1, 5, request{kind: "leave", who: 0}, outcome{status: 200}),
			one(1, 5, request{kind: "leave", who: 1}, outcome{status: 409, code: "last_owner"}),
			one(1, 5, request{kind: "leave", who: 2}, outcome{status: 200}),
		}},
		{"a key is done twice", keysModel, porcupine.Illegal, []porcupine.Operation{
			one(1, 5, create, made), one(1, 5, create, other),
		}},
		{"a key is done once", keysModel, porcupine.Ok, []porcupine.Operation{
			one(1, 5, create, made), one(1, 5, create, made), one(6, 7, request{kind: "count"}, outcome{status: 200, value: "1"}),
		}},
	} {
		if found := porcupine.CheckOperationsTimeout(example.model, example.happened, checkTime); found != example.is {
			t.Errorf("%s: %s", example.about, found)
		}
	}
}

// manyMade is the result of things made at once.
func manyMade(count int) (happened []porcupine.Operation) {
	for number := range count {
		made := outcome{status: 201, value: string(rune('a' + number))}
		happened = append(happened, one(1, 9, request{kind: "create", who: number}, made))
	}
	return happened
}
