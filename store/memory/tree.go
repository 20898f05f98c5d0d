package memory

import (
	"iter"
	"math/rand/v2"
)

// tree is an ordered map that is never changed: with and without return another
// tree that shares what stayed the same. A snapshot is therefore a plain copy,
// and a rollback forgets one. It is a treap: random priorities keep it level.
type tree[K, V any] struct {
	root    *node[K, V]
	compare func(a, b K) int
}

type node[K, V any] struct {
	key         K
	value       V
	priority    uint64
	left, right *node[K, V]
}

func (t tree[K, V]) get(k K) (v V, ok bool) {
	for n := t.root; n != nil; {
		switch c := t.compare(k, n.key); {
		case c == 0:
			return n.value, true
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return v, false
}

func (t tree[K, V]) with(k K, v V) tree[K, V] {
	less, more := t.split(t.root, k)
	t.root = merge(merge(less, &node[K, V]{key: k, value: v, priority: rand.Uint64()}), more)
	return t
}

func (t tree[K, V]) without(k K) tree[K, V] {
	less, more := t.split(t.root, k)
	t.root = merge(less, more)
	return t
}

// split returns what is less and what is greater than k, without k itself.
func (t tree[K, V]) split(n *node[K, V], k K) (less, more *node[K, V]) {
	if n == nil {
		return nil, nil
	}
	c := t.compare(n.key, k)
	if c == 0 {
		return n.left, n.right
	}
	half := *n
	if c < 0 {
		half.right, more = t.split(n.right, k)
		return &half, more
	}
	less, half.left = t.split(n.left, k)
	return less, &half
}

func merge[K, V any](a, b *node[K, V]) *node[K, V] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		top := *a
		top.right = merge(a.right, b)
		return &top
	default:
		top := *b
		top.left = merge(a, b.left)
		return &top
	}
}

// after yields all entries whose key is greater than k, in order.
func (t tree[K, V]) after(k K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.walk(t.root, k, yield) }
}

func (t tree[K, V]) walk(n *node[K, V], k K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if t.compare(n.key, k) > 0 {
		if !t.walk(n.left, k, yield) || !yield(n.key, n.value) {
			return false
		}
	}
	return t.walk(n.right, k, yield)
}

// within yields the keys that are above one bound and below another, in order or
// backwards. The bounds are predicates that hold from somewhere on, and up to
// somewhere.
func (t tree[K, V]) within(above, below func(K) bool, backwards bool) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { span(t.root, above, below, backwards, yield) }
}

func span[K, V any](n *node[K, V], above, below func(K) bool, backwards bool, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	first, last := n.left, n.right
	up, down := above(n.key), below(n.key)
	if !up {
		first = nil
	}
	if !down {
		last = nil
	}
	if backwards {
		first, last = last, first
	}
	return span(first, above, below, backwards, yield) && (!up || !down || yield(n.key, n.value)) && span(last, above, below, backwards, yield)
}
