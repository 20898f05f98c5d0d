// Package gate goes from host, method and path to scheme and need, and holds the
// one pipeline that every front calls: path, route, transport, presence, format,
// look-up and state, right, limits, manners. It never touches a socket, and it
// never hands a credential on.
package gate
