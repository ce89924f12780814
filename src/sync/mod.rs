//! Deployment: engines that bring a merged change to its cluster, watched to the end.
