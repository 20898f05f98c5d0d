package meter

// MaxSubjects is for tests.
const MaxSubjects = maxSubjects

// Held is how many entries the memory holds.
func (m *Meter) Held() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.pending.counts) + len(m.pending.keys)
	for i := range m.batches {
		n += len(m.batches[i].Counts) + len(m.batches[i].Keys)
	}
	for _, all := range [][]shard{m.known[:], m.strangers[:]} {
		for i := range all {
			all[i].mu.Lock()
			n += len(all[i].uses)
			all[i].mu.Unlock()
		}
	}
	return n
}
