package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	stored "github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/files"
)

// cached is what lies in the cache folder.
type cached struct {
	Folder  string      `json:"folder"`
	Bytes   int64       `json:"bytes"`
	Items   []cacheItem `json:"items"`
	Removed []cacheItem `json:"removed,omitempty"` // by --clear
}

type cacheItem struct {
	Path  string    `json:"path"`
	Bytes int64     `json:"bytes"`
	What  string    `json:"what"`
	Used  time.Time `json:"used"` // when it was last used, or written where that isn't known
	clear bool      // it can be computed again
}

func (c cached) String() string {
	var b strings.Builder
	table := func(items []cacheItem) {
		for _, i := range items {
			name, err := filepath.Rel(c.Folder, i.Path)
			if err != nil {
				name = i.Path
			}
			fmt.Fprintf(&b, "  %9s  %s  %s: %s\n", bytesText(i.Bytes), i.Used.Format("2006-01-02"), name, i.What)
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", c.Folder, bytesText(c.Bytes))
	table(c.Items)
	if len(c.Removed) > 0 {
		b.WriteString("removed:\n")
		table(c.Removed)
	}
	return b.String()
}

func bytesText(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
}

func cacheCommand(c *call) (fmt.Stringer, error) {
	remove := c.flags.Bool("clear", false, "remove what can be computed again; what was fetched or put there by hand stays")
	if _, err := c.parse(0, 0, ""); err != nil {
		return nil, err
	}
	folder, err := files.CacheDir()
	if err != nil {
		return nil, err
	}
	items, err := cacheItems(folder)
	if err != nil {
		return nil, err
	}
	result := cached{Folder: folder, Items: []cacheItem{}}
	if *remove {
		if result.Removed, err = clearCache(items); err != nil {
			for _, i := range result.Removed {
				fmt.Fprintf(c.stderr, "removed %s\n", i.Path)
			}
			return nil, err
		}
		if items, err = cacheItems(folder); err != nil {
			return nil, err
		}
	}
	for _, i := range items {
		result.Bytes += i.Bytes
		result.Items = append(result.Items, i)
	}
	return result, nil
}

// cacheItems lists the cache folder: features one by one, other folders by what lies in them.
func cacheItems(folder string) ([]cacheItem, error) {
	found, err := stored.Stored()
	if err != nil {
		return nil, err
	}
	var items []cacheItem
	for _, f := range found {
		items = append(items, cacheItem{Path: f.Path, Bytes: f.Bytes, What: f.What, Used: f.Used})
	}
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		switch e.Name() {
		case "features":
		case "decodable":
			items = append(items, cacheItem{Path: path, What: "marks of images that are known to be whole", clear: true})
		case "weights":
			items = append(items, inside(path, "weights")...)
		case "datasets":
			items = append(items, inside(path, "images")...)
		case "pjrt":
			items = append(items, cacheItem{Path: path, What: "XLA's plugin"})
		default:
			items = append(items, cacheItem{Path: path, What: "not of this program"})
		}
	}
	for i := range items {
		if items[i].Used.IsZero() {
			items[i].Bytes, items[i].Used = measure(items[i].Path)
		}
	}
	return items, nil
}

// inside lists the entries of a folder; what a killed process left can be cleared when it is older than a day.
func inside(folder, what string) []cacheItem {
	entries, _ := os.ReadDir(folder)
	var items []cacheItem
	for _, e := range entries {
		i := cacheItem{Path: filepath.Join(folder, e.Name()), What: what}
		if name := e.Name(); strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".tmp") {
			i.What = what + ", half written"
			_, written := measure(i.Path)
			i.clear = time.Since(written) > 24*time.Hour
		}
		items = append(items, i)
	}
	return items
}

// measure gives the size of a file or folder, and when something in it was last written.
func measure(path string) (bytes int64, written time.Time) {
	filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // removed meanwhile
		}
		if info, err := e.Info(); err == nil {
			if !e.IsDir() {
				bytes += info.Size()
			}
			if info.ModTime().After(written) {
				written = info.ModTime()
			}
		}
		return nil
	})
	return bytes, written
}

func clearCache(items []cacheItem) ([]cacheItem, error) {
	gone, err := stored.Clear()
	failed := []error{err}
	var removed []cacheItem
	for _, f := range gone {
		removed = append(removed, cacheItem{Path: f.Path, Bytes: f.Bytes, What: f.What, Used: f.Used})
	}
	for _, i := range items {
		if !i.clear {
			continue
		}
		if err := os.RemoveAll(i.Path); err != nil {
			failed = append(failed, fmt.Errorf("cache: %w", err))
			continue
		}
		removed = append(removed, i)
	}
	return removed, errors.Join(failed...)
}
