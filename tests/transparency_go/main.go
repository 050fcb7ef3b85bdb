// Checks what our log serves with an implementation that is not ours: golang.org/x/mod/sumdb (tlog, note).
// Reads a question from standard input and answers which of its claims hold; see test_transparency_go.py.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type inclusion struct {
	Index, Size int64
	Entry, Root string
	Proof       []string
}

type consistency struct {
	From, To         int64
	FromRoot, ToRoot string
	Proof            []string
}

type question struct {
	Key, Witness, Note, Dir string
	Entries                 []string
	Inclusion               []inclusion
	Consistency             []consistency
}

type answer struct {
	Size        int64  `json:"size"`
	Root        string `json:"root"`
	Cosigned    int64  `json:"cosigned"`
	Tree        bool   `json:"tree"`
	Tiles       bool   `json:"tiles"`
	Inclusion   []bool `json:"inclusion"`
	Consistency []bool `json:"consistency"`
}

func main() {
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	said, err := check(asked)
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(said))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(asked question) (answer, error) {
	var said answer
	size, root, at, err := checkpoint(asked)
	if err != nil {
		return said, err
	}
	said.Size, said.Root, said.Cosigned = size, hex.EncodeToString(root[:]), at
	said.Tree = rebuilt(asked.Entries, size) == root
	said.Tiles = fromTiles(asked, tlog.Tree{N: size, Hash: root}) == nil
	for _, each := range asked.Inclusion {
		leaf := tlog.RecordHash(unhex(each.Entry))
		err := tlog.CheckRecord(tlog.RecordProof(hashes(each.Proof)), each.Size, hash(each.Root), each.Index, leaf)
		said.Inclusion = append(said.Inclusion, err == nil)
	}
	for _, each := range asked.Consistency {
		err := tlog.CheckTree(tlog.TreeProof(hashes(each.Proof)), each.To, hash(each.ToRoot), each.From, hash(each.FromRoot))
		said.Consistency = append(said.Consistency, err == nil)
	}
	return said, nil
}

// checkpoint opens the note with the log's key and, if there is one, the witness's.
func checkpoint(asked question) (size int64, root tlog.Hash, at int64, err error) {
	key, err := note.NewVerifier(asked.Key)
	if err != nil {
		return
	}
	verifiers := []note.Verifier{key}
	var other *witness
	if asked.Witness != "" {
		if other, err = newWitness(asked.Witness); err != nil {
			return
		}
		verifiers = append(verifiers, other)
	}
	opened, err := note.Open([]byte(asked.Note), note.VerifierList(verifiers...))
	if err != nil {
		return
	}
	if len(opened.Sigs) != len(verifiers) {
		return size, root, at, fmt.Errorf("%d of %d signatures hold", len(opened.Sigs), len(verifiers))
	}
	if other != nil {
		at = other.at
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() {
		return size, root, at, fmt.Errorf("not a checkpoint of %s", key.Name())
	}
	if size, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	copy(root[:], raw)
	return
}

// witness verifies cosignature/v1 lines.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   int64
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 4 {
		return nil, fmt.Errorf("not a witness's key")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	return &witness{name: parts[0], hash: binary.BigEndian.Uint32(id[:4]), key: raw[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(msg, sig []byte) bool {
	if len(sig) != 72 {
		return false
	}
	w.at = int64(binary.BigEndian.Uint64(sig))
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", w.at, msg)
	return ed25519.Verify(w.key, []byte(signed), sig[8:])
}

// rebuilt makes the tree from the entries alone.
func rebuilt(entries []string, size int64) tlog.Hash {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for n, entry := range entries {
		added, err := tlog.StoredHashes(int64(n), unhex(entry), read)
		must(err)
		stored = append(stored, added...)
	}
	root, err := tlog.TreeHash(size, read)
	must(err)
	return root
}

// tiles reads the files of a log in C2SP tlog-tiles layout, as they were served.
type tiles struct{ dir string }

func (t tiles) Height() int                                { return height }
func (t tiles) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		// tlog writes tile/8/<level>/<number>; tlog-tiles leaves the height out.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// fromTiles lets Go prove every entry and an earlier tree from our tiles, which it authenticates first.
func fromTiles(asked question, tree tlog.Tree) error {
	read := tlog.TileHashReader(tree, tiles{asked.Dir})
	for n, entry := range asked.Entries {
		proof, err := tlog.ProveRecord(tree.N, int64(n), read)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(n), tlog.RecordHash(unhex(entry))); err != nil {
			return err
		}
	}
	for _, each := range asked.Consistency {
		if each.To != tree.N || each.From == 0 {
			continue
		}
		proof, err := tlog.ProveTree(tree.N, each.From, read)
		if err != nil {
			return err
		}
		if !same(proof, hashes(each.Proof)) {
			return fmt.Errorf("another proof for %d", each.From)
		}
	}
	return nil
}

func same(one tlog.TreeProof, other []tlog.Hash) bool {
	if len(one) != len(other) {
		return false
	}
	for i := range one {
		if !bytes.Equal(one[i][:], other[i][:]) {
			return false
		}
	}
	return true
}

func hash(text string) (made tlog.Hash) {
	copy(made[:], unhex(text))
	return
}

func hashes(texts []string) []tlog.Hash {
	made := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		made[i] = hash(text)
	}
	return made
}

func unhex(text string) []byte {
	raw, err := hex.DecodeString(text)
	must(err)
	return raw
}
