"""Other engines that drive the project's decision, each as a program in a virtual environment of its own."""
