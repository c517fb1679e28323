mod sim_world;
