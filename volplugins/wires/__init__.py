"""Lines on which a kernel debugger may answer: unix sockets, TCP, Windows named pipes, serial ports, and their URLs."""
